//! The running service: the router on its port, and the workers beside it.
//!
//! Used by `serve`, by `demo`, and by tests. It ends in order: no new connections, the requests under way get a while,
//! the workers end what they have begun, the database is closed.

use std::future::IntoFuture as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::app::App;
use crate::config::{Settings, Tls};
use crate::counting::raise;
use crate::kernel::clock::SystemClock;
use crate::kernel::random::SystemRandom;
use crate::setup::{self, Administrator, Opened, StartError};
use crate::station::{devices, port::Printers, queue};
use crate::storefront::outbox::courier::{self, Courier};
use crate::storefront::{inbox, outbox};
use crate::web;
use crate::web::tls::{self, TlsListener};

/// How long requests and workers may go on after the service was told to end.
const DRAIN: Duration = Duration::from_secs(10);

/// A service that runs.
pub struct Running {
    /// Where it listens; with the real port where port 0 was asked for.
    pub address: SocketAddr,
    /// Whether it speaks HTTPS.
    pub secure: bool,
    /// Its shared parts.
    pub app: App,
    /// Who was made, where this was the first start.
    pub administrator: Option<Administrator>,
    shutdown: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    workers: JoinSet<&'static str>,
}

/// Starts the service.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub async fn start(settings: &Settings) -> Result<Running, StartError> {
    // The port first: with a port that is taken, no database is made.
    let listener = listen(settings.listen).await?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::Listen { address: settings.listen.to_string(), why: error.to_string() })?;
    let clock: crate::kernel::clock::SharedClock = Arc::new(SystemClock);
    let identity = match settings.tls {
        Tls::Off => None,
        _ => {
            setup::make_folder(&settings.data_folder)?;
            tls::open(settings, clock.now())?
        }
    };
    let secure = identity.is_some();
    let couriers = courier::Settings { allow_private_hosts: settings.outbox_allow_private_hosts.clone() };
    let courier = Courier::new(&couriers).map_err(|error| StartError::Courier { why: error.to_string() })?;
    let Opened { app, administrator } = setup::open(settings, clock, Arc::new(SystemRandom)).await?;
    let (shutdown, told) = watch::channel(false);
    let mut ending = told.clone();
    let told_to_end = async move {
        // An error means that the sender is gone, and that is the end too.
        drop(ending.wait_for(|ends| *ends).await);
    };
    let router = web::router::router(app.clone());
    let mut workers = JoinSet::new();
    let server = match identity {
        None => tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(told_to_end).into_future()),
        Some(identity) => {
            if let Some(authority) = &identity.authority {
                // Set once: this is the only place that does.
                drop(app.authority.set(authority.clone()));
            }
            let listener = TlsListener::new(listener, identity.config()?)
                .map_err(|error| StartError::Listen { address: settings.listen.to_string(), why: error.to_string() })?;
            let renewal = identity.renew(app.clock.clone(), told.clone());
            work(&mut workers, &app, "certificate", renewal);
            let server = axum::serve(listener, web::router::over_tls(router)).with_graceful_shutdown(told_to_end);
            tokio::spawn(server.into_future())
        }
    };
    work(&mut workers, &app, "print queues", queue::run(app.clone(), Arc::new(Printers::new(&app)), told.clone()));
    work(&mut workers, &app, "devices of stations", devices::run(app.clone(), told.clone()));
    work(&mut workers, &app, "places to count", raise::run(app.clone(), told.clone()));
    work(&mut workers, &app, "inbox", inbox::worker::run(app.clone(), told.clone()));
    work(&mut workers, &app, "outbox", outbox::worker::run(app.clone(), Arc::new(courier), told));
    tracing::info!(%address, database = app.db.kind(), "the service runs");
    Ok(Running { address, secure, app, administrator, shutdown, server, workers })
}

/// Starts a worker; readiness ends with it.
fn work(
    workers: &mut JoinSet<&'static str>,
    app: &App,
    name: &'static str,
    worker: impl Future<Output = ()> + Send + 'static,
) {
    let alive = app.workers.started(name);
    workers.spawn(async move {
        let _alive = alive;
        worker.await;
        name
    });
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => StartError::PortTaken { address: address.to_string() },
        _ => StartError::Listen { address: address.to_string(), why: error.to_string() },
    })
}

impl Running {
    /// Waits until a part ends by itself, which none should; says which. Never ends while all is well.
    pub async fn broken(&mut self) -> String {
        tokio::select! {
            ended = &mut self.server => format!("the server ended: {ended:?}"),
            Some(ended) = self.workers.join_next() => match ended {
                Ok(name) => format!("{name} ended"),
                Err(error) => format!("a worker failed: {error}"),
            },
        }
    }

    /// Ends the service in order; says whether everything ended by itself in time.
    pub async fn stop(self) -> bool {
        let Self { app, shutdown, mut server, mut workers, .. } = self;
        shutdown.send_replace(true);
        let served = async {
            if !server.is_finished() {
                drop((&mut server).await);
            }
        };
        let worked = async { while workers.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout(DRAIN, async { tokio::join!(served, worked) }).await.is_ok();
        if !in_time {
            tracing::warn!("not everything ended in time; what is left is broken off");
            server.abort();
            workers.shutdown().await;
        }
        // Only now: an attempt that was under way may have ended through one of them.
        app.agents.close();
        // A request that was broken off may still hold a reader.
        let closed = tokio::time::timeout(DRAIN, app.db.clone().close()).await.is_ok();
        tracing::info!("the service has ended");
        in_time && closed
    }
}
