import { takeSnapshot } from '#detection'

// Makes the file that later starts of Python begin with.
await takeSnapshot(process.argv[2] ?? '')
// Python keeps a process alive.
process.exit()
