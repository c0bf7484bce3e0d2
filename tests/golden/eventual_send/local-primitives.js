show('number', E(5).toFixed(2));
show('string', E('abc').toUpperCase());
show('boolean', E(true).nope());
show('bigint', E(5n).toString());
show('symbol', E(Symbol.iterator).toString());
show('call', E('abc')());
show('call', E(5n)());
show('call', E(Symbol.iterator)());
