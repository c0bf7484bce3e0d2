// What goes wrong in methods: thrown and rejected errors and other values, no such method.
import { Far } from '@endo/far';

const methods = {
  error: () => {
    throw Error('plain');
  },
  type: () => {
    throw TypeError('typed');
  },
  string: () => {
    throw 'text';
  },
  record: () => {
    throw { code: 5, list: [1] };
  },
  nothing: () => {
    throw undefined;
  },
  rejects: async () => {
    throw RangeError('later');
  },
  rejectsRecord: () => Promise.reject({ why: 'because' }),
  returnsError: () => Error('as a value'),
  nested: () => ({ e: [Error('inside'), URIError('twice')] }),
  custom: () => {
    const e = Error('renamed');
    e.name = 'Custom';
    throw e;
  },
};
export const buildRootObject = () => Far('root', methods);
