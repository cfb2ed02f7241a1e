import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ConsoleProgress, loadTensorflow } from '@x/cli';
import { trainFromConfig } from '@x/trainer-core';

const packageDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const config = join(packageDir, 'configs', 'digits.json5');
const serializationDir = join(packageDir, 'runs', 'digits');
const here = (path: string): string => relative(process.cwd(), path) || '.';

console.log('Training a classifier of handwritten digits on 8,000 images, validated on 1,000 others.');
console.log(`  config  ${here(config)}\n  folder  ${here(serializationDir)}\n`);

await loadTensorflow(packageDir);
const run = await trainFromConfig(config, { serializationDir, force: true, callbacks: [new ConsoleProgress()] });
const accuracy = Number(run.metrics['test_accuracy']).toFixed(3);
run.dispose();

console.log(`\ntest accuracy ${accuracy} (split "test": 1,000 images that training never saw; seed 13370)\n`);
console.log(`Everything is in ${here(serializationDir)}:`);
console.log('  best.json          points to the best weights       metrics.json   all metrics');
console.log('  checkpoints/       where a stopped run goes on      log/           curves for TensorBoard');
console.log('Next:');
console.log(`  npx x-train evaluate ${here(serializationDir)} test`);
console.log(
  `  tensorboard --logdir ${here(join(serializationDir, 'log'))}        (a Python program: pip install tensorboard)`,
);
console.log(
  `  edit ${here(config)}, and: npx x-train train ${here(config)} -s ${here(join(packageDir, 'runs', 'mine'))}`,
);
