// An S3 server in a process of its own: tells its URL to the parent, and ends with it.
import { startFauxqs } from 'fauxqs';

const { port, createBucket } = await startFauxqs({ port: 0, logger: false });
createBucket('runs');
process.on('disconnect', () => process.exit());
process.send(`http://127.0.0.1:${port}`);
