export const buildRootObject = () => {
  throw Error('cannot start');
};
