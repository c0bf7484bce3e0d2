// @endo/promise-kit: a promise with its resolving functions, and a race that forgets the losers.

export const isPromise = value => Promise.resolve(value) === value;

// The functions let go of the promise once one of them was called.
export const makePromiseKit = () => {
  let settlers;
  const promise = new HandledPromise((resolve, reject) => {
    settlers = { resolve, reject };
  });
  const settle = (how, value) => {
    if (settlers === undefined) return;
    const { [how]: settler } = settlers;
    settlers = undefined;
    settler(value);
  };
  return harden({
    promise,
    resolve: value => settle('resolve', value),
    reject: reason => settle('reject', reason),
  });
};

// Promise.race keeps a reaction on every contender until that settles, so a race that is run again
// and again against one long-lived promise leaks. Here a contender gets one reaction, ever, and
// keeps a set of the races that still wait for it.
//
// contender -> the races that wait for it, or undefined once it is settled. Every vat has its own:
// a variable of the base is copied for the vat that writes to it.
let contenders;

const isPrimitive = value => Object(value) !== value;

const takeRaces = contender => {
  const races = contenders.get(contender);
  contenders.set(contender, undefined);
  return races || [];
};

const racesOf = contender => {
  if (isPrimitive(contender)) return undefined;
  if (contenders === undefined) contenders = new WeakMap();
  if (!contenders.has(contender)) {
    contenders.set(contender, new Set());
    Promise.resolve(contender).then(
      value => {
        for (const { resolve } of takeRaces(contender)) resolve(value);
      },
      reason => {
        for (const { reject } of takeRaces(contender)) reject(reason);
      },
    );
  }
  return contenders.get(contender);
};

const enter = (C, contender, race) => {
  const races = racesOf(contender);
  if (races === undefined) C.resolve(contender).then(race.resolve, race.reject);
  else races.add(race);
};

const leave = (contender, race) => {
  const races = racesOf(contender);
  if (races !== undefined) races.delete(race);
};

// In place of Promise.race: called as a method of a promise constructor.
export const { memoRace } = {
  memoRace(values) {
    const C = this;
    const contenderList = [];
    let race;
    const winner = new C((resolve, reject) => {
      race = { resolve, reject };
      for (const value of values) {
        contenderList.push(value);
        enter(C, value, race);
      }
    });
    return winner.finally(() => {
      for (const contender of contenderList) leave(contender, race);
    });
  },
};

export const racePromises = values => harden(memoRace.call(HandledPromise, values));
