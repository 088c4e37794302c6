// npm @alicloud/sts20150401, and what its credentials can do through the SDKs of Function Compute.
'use strict';

const { drive } = require('./harness');
const { rpc } = require('./cloud');

module.exports = { ...rpc(require('@alicloud/sts20150401')), lacks: ['a string to sign'] };
if (require.main === module) {
  drive('npm:sts20150401', 'sts', { sts: module.exports, fc2: require('./fc2'), fc3: require('./fc3') });
}
