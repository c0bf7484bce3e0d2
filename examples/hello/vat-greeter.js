import { Far } from '@endo/far';

export const buildRootObject = () => {
  let greeted = 0;
  return Far('greeter', {
    greet(name) {
      greeted += 1;
      return `Hello, ${name}! You are number ${greeted}.`;
    },
    count: () => greeted,
  });
};
