// Prints every table as JSON, for the drivers in both languages.
'use strict';

const fc = require('./fc');

process.stdout.write(
  JSON.stringify({
    'fc 2016-08-15': fc('2016-08-15'),
    'fc 2021-04-06': fc('2021-04-06'),
    'fc 2023-03-30': fc('2023-03-30'),
    sts: require('./sts'),
    ram: require('./ram'),
  }),
);
