import type { AnyClass } from '../../plugins/describe.js';
import { ShouldValidate } from './should-validate.js';
import { TrackEpoch } from './track-epoch.js';
import { ValidateEveryNSteps } from './validate-every-n-steps.js';

/** The callbacks that are available in every run. */
export const callbackComponents: readonly AnyClass[] = [ShouldValidate, TrackEpoch, ValidateEveryNSteps];
