/** What is asked of pods and the kubelet. */
import { group } from '../line.ts';

export const PODS = group(1, 'Pods', {});
