//! HTTPS: the own authority, given files, and what stands in the way.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tallyman::config::{Settings, Tls};
use tallyman::serve::{self, Running};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn settings(folder: &Path) -> Settings {
    Settings { listen: ([127, 0, 0, 1], 0).into(), tls: Tls::Own, ..Settings::of_folder(folder) }
}

/// A client that trusts one authority and nobody else.
fn trusting(pem: Option<&str>) -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    match pem {
        Some(pem) => {
            let roots = vec![reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()];
            builder.tls_certs_only(roots).build().unwrap()
        }
        None => builder.tls_certs_only(Vec::new()).build().unwrap(),
    }
}

fn authority(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("tallyman-ca.crt")).unwrap()
}

async fn status(client: &reqwest::Client, running: &Running, path: &str) -> Result<reqwest::Response, reqwest::Error> {
    client.get(format!("https://localhost:{}{path}", running.address.port())).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_authority_is_made_once_and_trusted_by_who_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve::start(&settings(folder.path())).await.unwrap();
    let pem = authority(folder.path());
    let client = trusting(Some(&pem));
    let page = status(&client, &running, "/login").await.unwrap();
    assert_eq!((page.status().as_u16(), page.version()), (200, reqwest::Version::HTTP_2));
    assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
    let loaded = status(&client, &running, "/ca.crt").await.unwrap();
    assert_eq!(loaded.headers()["content-type"], "application/x-x509-ca-cert");
    assert_eq!(loaded.text().await.unwrap(), pem);
    let page = status(&client, &running, "/ca").await.unwrap().text().await.unwrap();
    assert!(page.contains("Android") && page.matches(':').count() > 31, "{page}");
    // Logging in over TLS gives the cookie that nobody in between can set.
    let admin = running.administrator.as_ref().unwrap();
    let form = format!("number=ADMIN&password={}", admin.password);
    let entered = client
        .post(format!("https://localhost:{}/login", running.address.port()))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(form)
        .send()
        .await
        .unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-tallyman=ts_") && cookie.ends_with("; Secure"), "{cookie}");
    let strangers = status(&trusting(None), &running, "/login").await.unwrap_err();
    assert!(strangers.is_connect() || strangers.is_request(), "{strangers}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("tallyman-ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(running.stop().await);
    // Another start, other names: the same authority.
    let named = Settings { tls_names: vec!["tallyman.lan".into(), "10.1.2.3".into()], ..settings(folder.path()) };
    let running = serve::start(&named).await.unwrap();
    assert_eq!(authority(folder.path()), pem);
    assert_eq!(status(&client, &running, "/healthz").await.unwrap().status().as_u16(), 200);
    judged(folder.path(), running.address.port()).await;
    assert!(running.stop().await);
}

/// OpenSSL, which we did not write, takes the certificate for each of its names.
async fn judged(folder: &Path, port: u16) {
    for name in ["localhost", "tallyman.lan"] {
        let mut client = Command::new("openssl");
        client.args([
            "s_client",
            "-connect",
            &format!("127.0.0.1:{port}"),
            "-verify_return_error",
            "-verify_hostname",
            name,
        ]);
        client.arg("-CAfile").arg(folder.join("tallyman-ca.crt")).stdin(std::process::Stdio::null());
        let said = tokio::task::spawn_blocking(move || client.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains("Verify return code: 0 (ok)") && text.contains("TLSv1.3"), "{name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_and_garbled_clients_hold_up_nobody_and_plain_ones_are_shown_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve::start(&settings(folder.path())).await.unwrap();
    let client = trusting(Some(&authority(folder.path())));
    let mut silent = Vec::new();
    for n in 0..100 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(&[22, 3, 1, 255, 255, 0]).await.unwrap();
        }
        silent.push(stream);
    }
    let asked = tokio::time::timeout(Duration::from_secs(5), status(&client, &running, "/healthz")).await;
    assert_eq!(asked.expect("held up").unwrap().status().as_u16(), 200);
    let mut plain = TcpStream::connect(running.address).await.unwrap();
    plain.write_all(b"GET /pda?a=1 HTTP/1.1\r\nHost: tallyman.lan:8443\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 307") && answer.contains("location: https://tallyman.lan:8443/pda?a=1\r\n"),
        "{answer}"
    );
    drop(silent);
    assert!(running.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_files_are_used_and_bad_ones_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let own = serve::start(&settings(folder.path())).await.unwrap();
    assert!(own.stop().await);
    let (certificate, key) = (folder.path().join("tallyman-ca.crt"), folder.path().join("tallyman-ca.key"));
    let given = |certificate: &Path, key: &Path| Settings {
        tls: Tls::Files,
        tls_certificate: Some(certificate.to_owned()),
        tls_key: Some(key.to_owned()),
        ..settings(folder.path())
    };
    let running = serve::start(&given(&certificate, &key)).await.unwrap();
    let port = running.address.port();
    let shown = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("CN = Tallyman"));
    assert!(running.stop().await);
    let garbage = folder.path().join("garbage.pem");
    std::fs::File::create(&garbage).unwrap().write_all(b"no certificate").unwrap();
    for (certificate, key, says) in [
        (&garbage, &key, "garbage.pem"),
        (&certificate, &garbage, "garbage.pem"),
        (&folder.path().join("missing.pem"), &key, "missing.pem"),
    ] {
        let error = serve::start(&given(certificate, key)).await.err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
    let error = serve::start(&Settings { tls: Tls::Files, ..settings(folder.path()) }).await.err().unwrap().to_string();
    assert!(error.contains("tls_certificate"), "{error}");
}
