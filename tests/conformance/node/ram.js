// npm @alicloud/ram20150501 and resourcemanager20200331, and what a change does to the next call.
'use strict';

const { drive } = require('./harness');
const { rpc } = require('./cloud');

drive('npm:ram20150501', 'ram', {
  ram: rpc(require('@alicloud/ram20150501')),
  rm: rpc(require('@alicloud/resourcemanager20200331')),
  sts: require('./sts'),
  fc2: require('./fc2'),
  fc3: require('./fc3'),
});
