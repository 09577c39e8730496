//! What can go wrong between this process and a device.

use crate::Sentence;
use serde::{Deserialize, Serialize};
use std::io;

/// Why a device can't be reached or stopped listening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{}{detail}", .kind.hint().en, if .detail.is_empty() { "" } else { " " })]
pub struct TransportError {
    /// What happened, for code and for the screen.
    pub kind: ErrorKind,
    /// What the system said, for the log; may be empty.
    pub detail: String,
}

/// What happened on the way to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The device is there, and takes no connection on this port.
    Refused,
    /// No way leads to the address.
    Unreachable,
    /// Nothing happened within the limit.
    TimedOut,
    /// The device threw the connection away.
    Reset,
    /// The device closed the connection in good order.
    Closed,
    /// There is no such device.
    NotFound,
    /// Another program holds the device.
    Busy,
    /// The device was pulled out.
    Unplugged,
    /// This account may not use the device.
    NotPermitted,
    /// A job without a single byte.
    NothingToSend,
    /// The start of the sending could not be recorded, so nothing was sent.
    NotRecorded,
    /// Anything else; the detail says what.
    Other,
}

impl ErrorKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::Refused,
        Self::Unreachable,
        Self::TimedOut,
        Self::Reset,
        Self::Closed,
        Self::NotFound,
        Self::Busy,
        Self::Unplugged,
        Self::NotPermitted,
        Self::NothingToSend,
        Self::NotRecorded,
        Self::Other,
    ];

    /// A stable name for logs and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::NotFound => "not_found",
            Self::Busy => "busy",
            Self::Unplugged => "unplugged",
            Self::NotPermitted => "not_permitted",
            Self::NothingToSend => "nothing_to_send",
            Self::NotRecorded => "not_recorded",
            Self::Other => "other",
        }
    }

    /// What happened and what to do, for the person beside the device.
    pub fn hint(self) -> Sentence {
        match self {
            Self::Refused => Sentence::new(
                "The device refuses the connection: check its port number, and that no other program holds it.",
                "设备拒绝连接：请检查端口号，并确认没有其他程序占用。",
            ),
            Self::Unreachable => Sentence::new(
                "The device's address can't be reached: check its network cable and address.",
                "无法连到设备地址：请检查网线和地址设置。",
            ),
            Self::TimedOut => Sentence::new(
                "The device does not react: check that it is switched on and connected.",
                "设备没有反应：请检查是否开机、是否接好。",
            ),
            Self::Reset => Sentence::new(
                "The device broke the connection off: look whether it was switched off or restarted.",
                "设备中断了连接：请查看设备是否关机或重启。",
            ),
            Self::Closed => Sentence::new(
                "The device closed the connection: look at its display.",
                "设备关闭了连接：请查看设备面板。",
            ),
            Self::NotFound => Sentence::new(
                "The device is not there: check its cable, and that it is switched on.",
                "未找到设备：请检查连线并确认已开机。",
            ),
            Self::Busy => Sentence::new(
                "Another program holds the device: end it, or the computer's own printing.",
                "设备被其他程序占用：请关闭该程序或系统自带的打印服务。",
            ),
            Self::Unplugged => {
                Sentence::new("The device was pulled out: plug it in again.", "设备已拔出：请重新插上。")
            }
            Self::NotPermitted => Sentence::new(
                "The device was found, but this program may not use it: the administrator adds the rules of `tallyman udev-rules`.",
                "已找到设备，但程序没有使用权限：请管理员添加 `tallyman udev-rules` 给出的规则。",
            ),
            Self::NothingToSend => {
                Sentence::new("The print job is empty: make the document again.", "打印任务是空的：请重新生成单据。")
            }
            Self::NotRecorded => Sentence::new(
                "The print job could not be recorded, so nothing was sent: check the station's disk.",
                "打印任务无法记录，因此没有发送：请检查工位电脑的磁盘。",
            ),
            Self::Other => Sentence::new(
                "The device can't be used: switch it off and on, and check its cable.",
                "设备无法使用：请重新开机并检查连线。",
            ),
        }
    }
}

impl TransportError {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, detail: String::new() }
    }

    /// What happened and what to do, for the person beside the device.
    pub fn hint(&self) -> Sentence {
        self.kind.hint()
    }
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                ErrorKind::Unreachable
            }
            io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            // A broken pipe is the second write after a reset: the device has thrown bytes away.
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                ErrorKind::Reset
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => ErrorKind::Closed,
            io::ErrorKind::PermissionDenied => ErrorKind::NotPermitted,
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::ResourceBusy => ErrorKind::Busy,
            _ => ErrorKind::Other,
        };
        Self { kind, detail: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_its_own_code_and_a_sentence_in_both_languages() {
        let mut codes = HashSet::new();
        for kind in ErrorKind::ALL {
            assert!(codes.insert(kind.code()));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            assert!(kind.hint().en.ends_with('.') && kind.hint().zh.ends_with('。'), "{kind:?}");
        }
    }

    #[test]
    fn what_the_system_says_becomes_a_kind() {
        let cases = [
            (io::ErrorKind::ConnectionRefused, ErrorKind::Refused),
            (io::ErrorKind::HostUnreachable, ErrorKind::Unreachable),
            (io::ErrorKind::NetworkUnreachable, ErrorKind::Unreachable),
            (io::ErrorKind::TimedOut, ErrorKind::TimedOut),
            (io::ErrorKind::ConnectionReset, ErrorKind::Reset),
            (io::ErrorKind::BrokenPipe, ErrorKind::Reset),
            (io::ErrorKind::UnexpectedEof, ErrorKind::Closed),
            (io::ErrorKind::PermissionDenied, ErrorKind::NotPermitted),
            (io::ErrorKind::OutOfMemory, ErrorKind::Other),
        ];
        for (from, to) in cases {
            assert_eq!(TransportError::from(io::Error::from(from)).kind, to);
        }
    }

    #[test]
    fn the_text_of_an_error_is_the_sentence_and_then_what_the_system_said() {
        let plain = TransportError::new(ErrorKind::TimedOut);
        assert_eq!(plain.to_string(), ErrorKind::TimedOut.hint().en);
        let detailed = TransportError { kind: ErrorKind::Other, detail: "os error 5".into() };
        assert!(detailed.to_string().ends_with("cable. os error 5"));
    }
}
