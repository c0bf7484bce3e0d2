throw Error('at the top');
export const buildRootObject = () => {};
