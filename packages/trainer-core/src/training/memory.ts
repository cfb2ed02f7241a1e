/** Peak resident memory of this process in megabytes (10^6 bytes), as the original reports it. */
export function peakMemoryMB(): number {
  return process.resourceUsage().maxRSS / 1000;
}
