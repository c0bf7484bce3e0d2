export const buildRootObject = async () => {
  await null;
  throw TypeError('cannot start later');
};
