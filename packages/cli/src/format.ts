/** A metric for people: four significant decimals, large and tiny numbers in exponent form. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4 ? value.toExponential(3) : value.toFixed(4);
}

/** A duration: `7 s`, `2 min 5 s`, `1 h 3 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/**
 * The `training_duration` of a run for people: `0:00:00.721000` is `0.7 s`, `0:03:12.5` is `3 min 13 s`, `1 day, 2:00:00` is
 * `26 h 0 min`. A text of another kind is left as it is.
 */
export function formatDuration(duration: string): string {
  const [, days = 0, hours, minutes, seconds] = DURATION.exec(duration) ?? [];
  if (seconds === undefined) return duration;
  const all = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return all < 9.95 ? `${all.toFixed(1)} s` : formatSeconds(all);
}

/** As Python prints a timedelta. */
const DURATION = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/;

/** Metrics as `name 0.1234  other 0.5678`. */
export function formatMetrics(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join('  ');
}
