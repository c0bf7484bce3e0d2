import { E } from '@endo/far';
export const buildRootObject = async (_, { to }) => E(to).root();
