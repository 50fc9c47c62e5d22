//! A network that fails on command: a proxy before the server that cuts a connection when a chosen message passes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Duration, sleep},
};
use zkl_testkit::postgres::Server;

/// How a connection ends when the message passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The message does not reach the server, which sees the end of the connection.
    Before,
    /// The message does not reach the server, which sees nothing and waits on.
    Silently,
    /// The message reaches the server a little after the client has lost the connection.
    Late,
    /// The server has answered, and the answer is lost.
    After,
}

impl Cut {
    pub(crate) const ALL: [Self; 4] = [Self::Before, Self::Silently, Self::Late, Self::After];
}

#[derive(Debug, Default)]
struct Plan {
    /// The message that a connection is cut at, once.
    cut: Option<(&'static [u8], Cut)>,
    /// After the cut nobody gets through until [`Proxy::heal`].
    then_refuse: bool,
    refusing: bool,
    cuts: u64,
}

/// A proxy on a port of its own.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// Starts a proxy before `server`, on the current runtime.
    pub(crate) async fn start(server: &Server) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), plan: Arc::default() };
        let (plan, target) = (Arc::clone(&proxy.plan), server.port());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !lock(&plan).refusing {
                    tokio::spawn(relay(client, target, Arc::clone(&plan)));
                }
            }
        });
        proxy
    }

    /// `url` with this proxy in place of `server`.
    pub(crate) fn before(&self, server: &Server, url: &str) -> String {
        url.replace(&format!(":{}/", server.port()), &format!(":{}/", self.port))
    }

    /// Cuts the next connection over which `message` passes from the client.
    pub(crate) fn cut_at(&self, message: &'static [u8], cut: Cut) {
        lock(&self.plan).cut = Some((message, cut));
    }

    /// The same, and lets nobody through from then on.
    pub(crate) fn cut_at_and_refuse(&self, message: &'static [u8], cut: Cut) {
        let mut plan = lock(&self.plan);
        plan.cut = Some((message, cut));
        plan.then_refuse = true;
    }

    /// Lets everybody through again.
    pub(crate) fn heal(&self) {
        let mut plan = lock(&self.plan);
        (plan.refusing, plan.then_refuse) = (false, false);
    }

    /// Connections cut so far.
    pub(crate) fn cuts(&self) -> u64 {
        lock(&self.plan).cuts
    }
}

fn lock(plan: &Mutex<Plan>) -> std::sync::MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether `bytes` hold the message to cut at; the plan is used up.
fn cut_here(plan: &Mutex<Plan>, bytes: &[u8]) -> Option<Cut> {
    let mut plan = lock(plan);
    let (message, cut) = plan.cut?;
    bytes.windows(message.len()).any(|window| window == message).then(|| {
        plan.cut = None;
        plan.cuts += 1;
        plan.refusing = plan.then_refuse;
        cut
    })
}

/// A connection ends when either side ends it, or when it is cut.
async fn relay(mut client: TcpStream, target: u16, plan: Arc<Mutex<Plan>>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", target)).await?;
    let (mut up, mut down) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                match cut_here(&plan, &up[..read]) {
                    None => server.write_all(&up[..read]).await?,
                    Some(Cut::Before) => return Ok(()),
                    Some(Cut::Silently) => {
                        drop(client);
                        // Long enough for everything that a test waits for.
                        sleep(Duration::from_secs(600)).await;
                        return Ok(());
                    }
                    Some(Cut::Late) => {
                        drop(client);
                        sleep(Duration::from_millis(20)).await;
                        server.write_all(&up[..read]).await?;
                        let _ = server.read(&mut down).await?;
                        return Ok(());
                    }
                    Some(Cut::After) => {
                        server.write_all(&up[..read]).await?;
                        let _ = server.read(&mut down).await?;
                        return Ok(());
                    }
                }
            }
            read = server.read(&mut down) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                client.write_all(&down[..read]).await?;
            }
        }
    }
}
