//! Traces: which request had the store asked for what, and how long each took, told to a collector by OTLP (protobuf over HTTP).
//!
//! ```text
//! traceparent of whoever asks -> answer to a request -> call of the store
//!                                  '-> operation     -> stage of a proof, call of the store
//! ```
//!
//! Spans say which route, call or kind of work it is, never with which dataset or for whom, and nothing of the log is in them. The context that
//! a client brings (W3C Trace Context) names a trace and gives no right.

use axum::http::HeaderMap;
use tracing::Span;

/// Where spans for traces come from, which the log does not show.
pub(crate) const TARGET: &str = "zkl_server::traces";

#[cfg(feature = "otlp")]
pub use self::otlp::{Traces, TracesError};

/// What whoever asks says about the trace that this is part of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parent {
    #[cfg(feature = "otlp")]
    context: Option<opentelemetry::Context>,
}

impl Parent {
    /// The context in the head of a request.
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "nothing is traced"))]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            #[cfg(feature = "otlp")]
            context: otlp::extract(headers),
        }
    }

    /// The span that is current here, for work that goes on when it has ended.
    pub(crate) fn current() -> Self {
        Self {
            #[cfg(feature = "otlp")]
            context: Some(tracing_opentelemetry::OpenTelemetrySpanExt::context(&Span::current())),
        }
    }

    /// Makes `span`, which nobody has entered yet, part of that trace.
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "nothing is traced"))]
    pub(crate) fn adopt(self, span: &Span) {
        #[cfg(feature = "otlp")]
        if let Some(context) = self.context {
            // Without a collector there is no trace.
            let _ = tracing_opentelemetry::OpenTelemetrySpanExt::set_parent(span, context);
        }
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use std::{
        sync::{Mutex, PoisonError},
        time::{Duration, Instant},
    };

    use axum::http::HeaderMap;
    use opentelemetry::{
        Context, KeyValue,
        propagation::{Extractor, TextMapPropagator as _},
        trace::{TraceContextExt as _, TracerProvider as _},
    };
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
    use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
    use thiserror::Error;
    use tracing::Subscriber;
    use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};
    use ureq::Agent;
    use url::Url;

    /// Where collectors take traces.
    const PATH: &str = "v1/traces";
    /// How long a collector may take to take some.
    const PATIENCE: Duration = Duration::from_secs(10);
    /// Longest answer of a collector that is read, in bytes.
    const MAX_ANSWER: u64 = 64 * 1024;
    /// Longest `tracestate` that is passed on, in bytes: it is sent along with every span.
    const MAX_STATE: usize = 512;
    /// How often it is said that traces are lost.
    const SAY_AGAIN: Duration = Duration::from_secs(60);

    /// Traces could not be begun.
    #[derive(Debug, Error)]
    #[non_exhaustive]
    pub enum TracesError {
        /// The address of the collector is none.
        #[error("{url:?} is no http or https URL of a collector")]
        Url {
            /// The address.
            url: String,
        },
        /// The exporter cannot be made.
        #[error("traces cannot be sent")]
        Exporter(#[from] ExporterBuildError),
    }

    /// Sends traces as long as it is there, and what is left when it goes.
    #[derive(Debug)]
    pub struct Traces(SdkTracerProvider);

    impl Drop for Traces {
        fn drop(&mut self) {
            // What the collector does not take now is lost, as it is when it does not answer for long.
            let _ = self.0.shutdown();
        }
    }

    impl Traces {
        /// For the collector at `url`, its base or where it takes traces.
        ///
        /// # Errors
        /// [`TracesError`].
        pub(crate) fn begin(url: &str) -> Result<Self, TracesError> {
            let error = || TracesError::Url { url: url.chars().take(200).collect() };
            let mut endpoint = Url::parse(url).map_err(|_| error())?;
            if !matches!(endpoint.scheme(), "http" | "https") {
                return Err(error());
            }
            if !endpoint.path().ends_with(PATH) {
                endpoint.path_segments_mut().map_err(|()| error())?.pop_if_empty().extend(PATH.split('/'));
            }
            let config =
                Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0);
            let collector = Collector { agent: config.build().into(), said: Mutex::default() };
            let exporter = SpanExporter::builder()
                .with_http()
                .with_http_client(collector)
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(endpoint.as_str())
                .build()?;
            let resource = Resource::builder()
                .with_service_name("zkl-server")
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                .build();
            Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
        }

        /// What makes traces of spans: those of this project, and of them what is not there for the log.
        pub(crate) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
            let tracer = self.0.tracer("zkl-server");
            let layer = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_location(false)
                .with_target(false)
                .with_threads(false)
                .with_tracked_inactivity(false);
            layer.with_filter(filter_fn(|metadata| {
                let is_ours = metadata.target().starts_with("zkl_");
                metadata.is_span() && is_ours && metadata.name() != crate::http::LOGGED
            }))
        }
    }

    /// A collector, asked by the thread that exports.
    #[derive(Debug)]
    struct Collector {
        agent: Agent,
        /// When it was last said that it takes nothing.
        said: Mutex<Option<Instant>>,
    }

    impl Collector {
        fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
            let (head, body) = request.into_parts();
            let mut answer = self.agent.run(Request::from_parts(head, body.to_vec()))?;
            let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
            Ok(answer.map(|_| Bytes::from(body)))
        }

        fn complain(&self, why: &str) {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if said.is_none_or(|at| at.elapsed() >= SAY_AGAIN) {
                *said = Some(Instant::now());
                tracing::warn!(why, "the collector does not take traces; they are lost");
            }
        }
    }

    #[async_trait::async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let answer = self.send(request).inspect_err(|error| self.complain(&error.to_string()))?;
            if !answer.status().is_success() {
                self.complain(answer.status().as_str());
            }
            Ok(answer)
        }
    }

    /// The head of a request, as far as it is about traces and in bounds.
    struct Head<'h>(&'h HeaderMap);

    impl Extractor for Head<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            let mut given = self.0.get_all(key).iter();
            let value = given.next()?.to_str().ok()?;
            // Of two, one is somebody else's.
            (given.next().is_none() && value.len() <= MAX_STATE).then_some(value)
        }

        fn keys(&self) -> Vec<&str> {
            vec!["traceparent", "tracestate"]
        }
    }

    /// Whether ids have their lengths: the library takes shorter ones.
    fn is_whole(parent: &str) -> bool {
        parent.split('-').map(str::len).collect::<Vec<_>>().starts_with(&[2, 32, 16, 2])
    }

    pub(super) fn extract(headers: &HeaderMap) -> Option<Context> {
        Head(headers).get("traceparent").filter(|parent| is_whole(parent))?;
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Head(headers));
        context.span().span_context().is_valid().then_some(context)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_context_is_taken_as_the_standard_has_it_or_not_at_all() {
            let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let with = |values: &[(&'static str, &str)]| {
                let mut headers = HeaderMap::new();
                for (name, value) in values {
                    headers.append(*name, value.parse().unwrap());
                }
                extract(&headers).map(|context| context.span().span_context().clone())
            };
            let context = with(&[("traceparent", good), ("tracestate", "a=b")]).unwrap();
            assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
            assert_eq!(
                (context.span_id().to_string().as_str(), context.trace_state().header().as_str()),
                ("b7ad6b7169203331", "a=b")
            );
            let long = format!("a={}", "b".repeat(600));
            assert_eq!(with(&[("traceparent", good), ("tracestate", &long)]).unwrap().trace_state().header(), "");
            for bad in [
                "",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "nonsense",
            ] {
                assert!(with(&[("traceparent", bad)]).is_none(), "{bad}");
            }
            assert!(with(&[("traceparent", good), ("traceparent", good)]).is_none());
            assert!(with(&[]).is_none());
        }

        #[test]
        fn a_collector_has_a_url() {
            for bad in ["", "localhost:4318", "ftp://localhost", "file:///x"] {
                assert!(matches!(Traces::begin(bad), Err(TracesError::Url { .. })), "{bad}");
            }
        }
    }
}
