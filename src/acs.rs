//! Alibaba Cloud's OpenAPI as every product speaks it: one HTTP transport, the ACS3 signature,
//! endpoints, RPC calls, clients of STS, RAM and ResourceManager, and the credentials that
//! sign. It knows nothing of Function Compute. Time, nonces and the environment come in as
//! arguments.

pub mod acs3;
pub mod ambient;
pub mod credentials;
pub mod encoding;
pub mod endpoint;
pub mod files;
pub mod http;
pub mod legacy;
pub mod principal;
pub mod ram;
pub mod redact;
pub mod resource_manager;
pub mod rpc;
pub mod secret;
pub mod sts;
pub mod transport;

pub use ambient::{Ambient, Environment, ProcessEnvironment};
pub use credentials::{Credentials, SessionPolicy};
pub use endpoint::{Endpoint, EndpointError, EndpointOverrides};
pub use files::{Files, SystemFiles};
pub use http::{Headers, HttpRequest, Refusal};
pub use principal::Principal;
pub use secret::Secret;
pub use transport::{Incoming, Transport, TransportError, TransportOptions};
