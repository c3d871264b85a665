/** What `process` offers towards other processes and modules, and detections of no language may have. */
export const reach = [
  'kill',
  '_kill',
  '_debugProcess',
  '_debugEnd',
  'binding',
  '_linkedBinding',
  'dlopen',
  'getBuiltinModule',
  'execve',
] as const
