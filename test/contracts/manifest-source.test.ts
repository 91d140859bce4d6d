/** Every manifest source against the one contract. */

import { manifestSourceContract } from './manifest-source.contract.ts';
import { fakeSource, folderSource, localGitSource, remoteGitSource } from './manifest-source-fixtures.ts';

manifestSourceContract('fake', fakeSource);
manifestSourceContract('folder', folderSource);
manifestSourceContract('git, local', localGitSource);
manifestSourceContract('git, remote', remoteGitSource);
