#![doc = include_str!("../README.md")]

#[cfg(feature = "s3-servers")]
pub mod clouds;
pub mod conformance;
pub mod crash;
pub mod faults;
#[cfg(unix)]
pub mod full;
#[cfg(feature = "http-proxy")]
pub mod http_proxy;
pub mod log;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "s3-servers")]
pub mod s3;
pub mod tamper;
pub mod trials;
