//! The built program, run as a person runs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What a run of the program gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program, with everything in `folder`, in English, without settings of this machine.
pub fn tallyman(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallyman"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TALLYMAN_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).env("LC_ALL", "C.UTF-8").env("TALLYMAN_LISTEN", "127.0.0.1:0");
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A service in a process of its own. Dropping it kills it.
pub struct Served {
    pub child: Child,
    pub url: String,
}

impl Served {
    /// Starts it and waits until it says where it listens. What goes wrong in it is seen beside the tests' own lines.
    pub fn start(command: &mut Command) -> Self {
        if !command.get_envs().any(|(name, _)| name == "TALLYMAN_LOG_LEVEL") {
            command.env("TALLYMAN_LOG_LEVEL", "error");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("it ended before it served").unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { child, url }
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client for requests over the network.
pub fn client() -> reqwest::Client {
    // Fails where another test was faster, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}
