// Imported first and alone, so that an old Node gets a sentence and not a syntax error of something newer.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12) || major === 21 || major === 23) {
  console.error(
    `x-train needs Node 20.19 or newer (22.12 in the line 22, or 24 and newer); this is ${process.version}`,
  );
  process.exit(1);
}
// Whoever reads the output may stop early (`| head`): that ends the command, and is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { run } = await import('./program.js');
process.exitCode = await run(process.argv.slice(2));
