//! A service, a packing PC and the network between them, each of which can be pulled out.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tallyman::app::App;
use tallyman::db::{Db, Settings};
use tallyman::kernel::clock::SystemClock;
use tallyman::kernel::random::SystemRandom;
use tallyman::messages::Language;
use tallyman::station::agent::run::{self, AgentError, Options, Told};
use tallyman::station::devices;
use tallyman::station::port::Printers;
use tallyman::station::queue::{self, Port};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::World;

/// Waits until something is so.
pub async fn until(what: &str, so: impl AsyncFn() -> bool) {
    for _ in 0..1_500 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not within 15 s");
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A service on a port of its own. It is killed with this.
pub struct Service {
    runtime: Option<Runtime>,
    pub address: SocketAddr,
    pub app: App,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Starts it with the printers of the house.
    pub async fn start(world: &World) -> Self {
        Self::start_with(world, |printers| Arc::new(printers)).await
    }

    /// Starts it, with connections to the database that end with it. An embedded database is the process's own.
    pub async fn start_with(world: &World, port: impl FnOnce(Printers) -> Arc<dyn Port> + Send + 'static) -> Self {
        let runtime = runtime();
        let (stop, told) = watch::channel(false);
        let (db, url) = (world.db.clone(), world.url().to_owned());
        let (services, clock) = (Arc::clone(&world.services), world.clock.clone());
        let started = runtime.spawn(async move {
            let db = match db.kind() {
                "postgres" => Db::open(&Settings { max_connections: 12, ..Settings::new(&url) }).await.unwrap(),
                _ => db,
            };
            let app = App::new(db, services, clock);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(queue::run(app.clone(), port(Printers::new(&app)), told.clone()));
            tokio::spawn(devices::run(app.clone(), told));
            let router = tallyman::web::router::router(app.clone());
            tokio::spawn(async move { axum::serve(listener, router).await });
            (address, app)
        });
        let (address, app) = started.await.unwrap();
        Self { runtime: Some(runtime), address, app, stop }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// A network to a service that can be cut.
pub struct Network {
    pub address: SocketAddr,
    whole: watch::Sender<bool>,
    to: watch::Sender<SocketAddr>,
}

impl Network {
    pub async fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (whole, is_whole) = watch::channel(true);
        let (to, leads_to) = watch::channel(service);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (mut is_whole, to) = (is_whole.clone(), *leads_to.borrow());
                if *is_whole.borrow() {
                    tokio::spawn(async move {
                        let carried = async move {
                            let (mut near, mut far) = (near, TcpStream::connect(to).await?);
                            near.set_nodelay(true)?;
                            far.set_nodelay(true)?;
                            tokio::io::copy_bidirectional(&mut near, &mut far).await
                        };
                        tokio::select! {
                            _ = carried => {}
                            _ = is_whole.wait_for(|whole| !*whole) => {}
                        }
                    });
                }
            }
        });
        Self { address, whole, to }
    }

    /// Breaks every connection, and lets no other through.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }

    /// Leads to another service from the next connection on.
    pub fn leads_to(&self, service: SocketAddr) {
        self.to.send_replace(service);
    }
}

/// A packing PC. It is killed with this; its folder stays.
pub struct Pc {
    runtime: Option<Runtime>,
    stop: watch::Sender<bool>,
    told: Arc<Mutex<Vec<Told>>>,
    ended: tokio::task::JoinHandle<Result<(), AgentError>>,
}

impl Pc {
    /// Starts it as a station, or as the only one.
    pub fn start(service: SocketAddr, folder: &Path, token: &str, station: Option<&str>) -> Self {
        let options = Options {
            server: format!("http://{service}/"),
            token: token.to_owned(),
            station: station.map(str::to_owned),
            spool: folder.to_owned(),
            language: Language::En,
        };
        let (stop, stopped) = watch::channel(false);
        let told = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&told);
        let tells = Arc::new(move |word: Told| hears.lock().unwrap().push(word));
        let runtime = runtime();
        let ended = runtime.spawn(async move {
            loop {
                let (tells, stopped) = (Arc::clone(&tells) as run::Tells, stopped.clone());
                let clock = Arc::new(SystemClock);
                match run::run(options.clone(), clock, Arc::new(SystemRandom), tells, stopped).await {
                    // The one before has been killed a moment ago.
                    Err(AgentError::Spool(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                    ended => return ended,
                }
            }
        });
        Self { runtime: Some(runtime), stop, told, ended }
    }

    /// What it told the person before it so far, in short.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|word| format!("{word:?}")).collect()
    }

    /// Whether it told something with these letters.
    pub fn has_told(&self, part: &str) -> bool {
        self.told().iter().any(|word| word.contains(part))
    }

    /// Ends it in good order.
    pub async fn stop(mut self) -> Result<(), AgentError> {
        self.stop.send_replace(true);
        self.result().await
    }

    /// Waits until it ends by itself.
    pub async fn result(&mut self) -> Result<(), AgentError> {
        tokio::time::timeout(Duration::from_secs(30), &mut self.ended).await.expect("it ends").unwrap()
    }
}

impl Drop for Pc {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}
