import '@tensorflow/tfjs';

// A second compiled engine behind the contract: made for tests, it is in no package, and core can import no contract.
// eslint-disable-next-line no-restricted-imports -- see above
import { ReplayEngine } from '../../trainer-core/src/compiled/__fixtures__/replay-engine.js';
import { engineContract } from './index.js';

engineContract({ describe, it }, { name: 'ReplayEngine', make: () => new ReplayEngine() });
