//! `tallyman devices` and `tallyman udev-rules`, by the built program, against devices that do not exist.

use std::io::Write as _;
use std::net::TcpListener;

use tallyman_drivers::fake::{FakePrinter, Mode};
use tallyman_drivers::printer::Language;

use crate::support::program::{Ran, run, tallyman};

fn ran(arguments: &[&str], locale: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(tallyman(folder.path(), arguments).env("LC_ALL", locale));
    assert!(!folder.path().join("tallyman-data").exists(), "nothing is made");
    ran
}

async fn in_the_background(arguments: &[&str], locale: &'static str) -> Ran {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let work = move || ran(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), locale);
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[test]
fn devices_are_listed_and_the_rules_are_printed() {
    let list = ran(&["devices", "--json"], "C");
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(serde_json::from_str::<serde_json::Value>(&list.out).unwrap().is_array());
    assert_eq!(ran(&["devices"], "zh_CN.UTF-8").code, 0);
    let rules = ran(&["udev-rules", "--group", "packers"], "C");
    assert!(rules.out.contains("GROUP=\"packers\""), "{}", rules.out);
    assert_eq!(ran(&["udev-rules", "--group", "a\"b"], "C").code, 1);
    let watched = ran(&["devices", "watch", "--seconds", "1"], "C");
    assert_eq!(watched.code, 0, "{}", watched.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_page_comes_out_of_a_printer_of_each_language() {
    for (spoken, said) in [
        (Language::Zpl, "proof 2 of 4"),
        (Language::Tspl, "proof 1 of 4"),
        (Language::Epl2, "proof 1 of 4"),
        (Language::Cpcl, "proof 2 of 4"),
        (Language::EscPos, "proof 3 of 4"),
    ] {
        let fake = FakePrinter::speaking(spoken, 0, None).await.unwrap();
        let address = format!("tcp:{}", fake.address());
        let test = ["devices", "test", "printer", &address, "--language", spoken.code()];
        let printed = in_the_background(&test, "C").await;
        assert_eq!((printed.code, fake.printed()), (0, 1), "{spoken:?}: {}{}", printed.out, printed.err);
        assert!(printed.out.contains(said), "{spoken:?}: {}", printed.out);
        let picture = fake.pictures().remove(0).unwrap();
        assert_eq!((picture.width, picture.height), (800, 1200));
        let status = [&test[..], &["--status"]].concat();
        assert_eq!(in_the_background(&status, "C").await.code, 0);
        fake.set_mode(Mode::PaperOut).await.unwrap();
        let refused = in_the_background(&test, "zh_CN.UTF-8").await;
        assert_eq!((refused.code, fake.printed()), (1, 1));
        assert!(refused.err.contains("标签用完"), "{spoken:?}: {}", refused.err);
    }
}

/// A device on the network that says something to whoever comes.
fn says(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            for _ in 0..50 {
                if stream.write_all(text.as_bytes()).is_err() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
    });
    address
}

#[test]
fn a_scan_and_a_weight_are_read() {
    let scanned = ran(&["devices", "test", "scanner", &says("]C10106901234567892\u{1d}10L7\r")], "C");
    assert_eq!(scanned.code, 0, "{}", scanned.err);
    assert!(scanned.out.contains("Gs1_128") && scanned.out.contains("(01)06901234567892(10)L7"), "{}", scanned.out);
    let frames = "ST,GS,+00000.0kg\r\n".repeat(4) + &"ST,GS,+00001.2kg\r\n".repeat(4);
    let scale = says(Box::leak(frames.into_boxed_str()));
    let weighed = ran(&["devices", "test", "scale", &scale, "--protocol", "st_gs"], "C");
    assert_eq!(weighed.code, 0, "{}", weighed.err);
    assert!(weighed.out.contains("Weight: 1200 g"), "{}", weighed.out);
    let nothing = ran(&["devices", "test", "scanner", "serial:/dev/nothing", "--seconds", "1"], "zh_CN.UTF-8");
    assert_eq!(nothing.code, 1);
    assert!(nothing.out.contains("未找到设备") && nothing.err.contains("1 秒"), "{}{}", nothing.out, nothing.err);
}

#[test]
fn what_means_nothing_is_named_with_what_there_is() {
    let refused = |arguments: &[&str], said: &str| {
        let ran = ran(arguments, "C");
        assert!(ran.code != 0 && ran.err.contains(said), "{arguments:?}: {}{}", ran.out, ran.err);
    };
    refused(&["devices", "test", "printer", "printer"], "tcp:192.168.1.20:9100");
    refused(&["devices", "test", "printer", "tcp:127.0.0.1:1", "--language", "pcl"], "zpl, tspl, epl2, cpcl, esc_pos");
    refused(&["devices", "test", "printer", "tcp:127.0.0.1:1", "--language", "zpl"], "refuses the connection");
    refused(&["devices", "test", "scale", "tcp:127.0.0.1:1", "--protocol", "scales"], "mt_sics");
}
