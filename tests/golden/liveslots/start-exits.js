import { Far } from '@endo/far';
export const buildRootObject = ({ exitVatWithFailure, testLog }) => {
  exitVatWithFailure('at once');
  testLog('goes on');
  return Far('root', {});
};
