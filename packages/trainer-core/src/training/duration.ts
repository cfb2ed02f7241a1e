/** A duration as Python prints a timedelta, which is what the original writes: `0:00:01.234567`, `1 day, 2:00:00`. */
export function formatDuration(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  const seconds = Math.floor(micros / 1e6);
  const days = Math.floor(seconds / 86400);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${Math.floor((seconds % 86400) / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  const fraction = micros % 1e6 === 0 ? '' : `.${String(micros % 1e6).padStart(6, '0')}`;
  return `${days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `}${clock}${fraction}`;
}
