//! What this machine is, its own addresses and whether it is a container; and what it grants this process.

use std::net::{IpAddr, UdpSocket};
use std::path::Path;

use crate::facts::tables::site::Machine;

/// Whether an address is one of this machine's (or network namespace's) own, loopback included.
///
/// The kernel lets a socket be bound to own addresses only; nothing is sent. An unspecified address is not own.
pub fn is_own(address: IpAddr) -> bool {
    !address.is_unspecified() && (address.is_loopback() || UdpSocket::bind((address, 0)).is_ok())
}

/// An address of a family by which others reach this machine, if it has one.
pub fn address(v4: bool) -> Option<IpAddr> {
    let networks = sysinfo::Networks::new_with_refreshed_list().ok()?;
    let all = networks.values().flat_map(|data| data.ip_networks()).map(|network| network.addr);
    most_ordinary(v4, all)
}

/// The most ordinary address of a family: no loopback, no link-local, the smallest for the sake of a stable choice.
fn most_ordinary(v4: bool, all: impl Iterator<Item = IpAddr>) -> Option<IpAddr> {
    let usable = |a: &IpAddr| match a {
        IpAddr::V4(a) => v4 && !a.is_loopback() && !a.is_link_local() && !a.is_unspecified(),
        IpAddr::V6(a) => !v4 && !a.is_loopback() && !a.is_unicast_link_local() && !a.is_unspecified(),
    };
    all.filter(usable).min()
}

/// Files that container engines leave inside: Docker's, Podman's.
const MARKS: &[&str] = &[".dockerenv", "run/.containerenv"];

/// Words in the control group of the first process: Docker, Kubernetes, LXC, containerd, Podman.
const GROUPS: &[&str] = &["/docker", "/kubepods", "/lxc", "containerd", "libpod"];

/// Whether a file system looks like the inside of a container.
pub fn in_container(root: &Path) -> bool {
    let groups = std::fs::read_to_string(root.join("proc/1/cgroup")).unwrap_or_default();
    MARKS.iter().any(|mark| root.join(mark).exists()) || GROUPS.iter().any(|word| groups.contains(word))
}

/// What kind of machine a file system's firmware tells of; nothing where it does not, as on most of Arm.
pub fn machine(root: &Path) -> Option<Machine> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    // WSL is a virtual machine on somebody's own.
    let wsl = read("proc/sys/kernel/osrelease").to_ascii_lowercase().contains("microsoft");
    let flags = read("proc/cpuinfo");
    let mut flags = flags.lines().filter(|line| line.starts_with("flags"));
    if flags.any(|line| line.split_whitespace().any(|flag| flag == "hypervisor")) {
        return (!wsl).then_some(Machine::Virtual);
    }
    // Chassis types: DSP0134 (SMBIOS 3.7), table 17.
    match read("sys/class/dmi/id/chassis_type").trim().parse::<u8>().ok()? {
        8..=10 | 14 | 30..=32 => Some(Machine::Laptop),
        3..=7 | 13 | 15 | 16 | 35 | 36 => Some(Machine::Desktop),
        17 | 23 | 25 | 28 | 29 => Some(Machine::Server),
        _ => None,
    }
}

/// How many more files and sockets this process may open, where the system tells.
pub fn free_descriptors() -> Option<usize> {
    let most = most_descriptors(&std::fs::read_to_string("/proc/self/limits").ok()?)?;
    Some(most.saturating_sub(std::fs::read_dir("/proc/self/fd").ok()?.count()))
}

/// The limit in force (the soft one) of the file that lists them all.
fn most_descriptors(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether this process was started to outlive its terminal, as `nohup` does it: a hangup is ignored.
pub fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| hangup_ignored(&status))
}

/// The mask has a bit for every ignored signal; SIGHUP is the first of them.
fn hangup_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_own_and_a_documentation_address_is_not() {
        assert!(is_own("127.0.0.1".parse().unwrap()) && is_own("127.9.9.9".parse().unwrap()));
        // 192.0.2.0/24 and 2001:db8::/32: RFC 5737 and RFC 3849, on no machine.
        assert!(!is_own("192.0.2.7".parse().unwrap()) && !is_own("2001:db8::7".parse().unwrap()));
        assert!(!is_own("0.0.0.0".parse().unwrap()));
    }

    #[test]
    fn the_most_ordinary_address_is_usable_and_stable() {
        let all =
            || ["127.0.0.1", "169.254.1.1", "192.168.1.5", "10.0.0.9", "::1", "fe80::1", "fd00::2"].map(|a| a.parse().unwrap());
        assert_eq!(most_ordinary(true, all().into_iter()), Some("10.0.0.9".parse().unwrap()));
        assert_eq!(most_ordinary(false, all().into_iter()), Some("fd00::2".parse().unwrap()));
        assert_eq!(most_ordinary(true, ["127.0.0.1".parse().unwrap()].into_iter()), None);
    }

    #[test]
    fn a_machine_is_told_by_its_firmware() {
        let root = tempfile::tempdir().unwrap();
        let put = |file: &str, text: &str| {
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        assert_eq!(machine(root.path()), None);
        for (chassis, told) in [("3", Machine::Desktop), ("10", Machine::Laptop), ("23", Machine::Server)] {
            put("sys/class/dmi/id/chassis_type", &format!("{chassis}\n"));
            assert_eq!(machine(root.path()), Some(told));
        }
        put("sys/class/dmi/id/chassis_type", "1\n");
        assert_eq!(machine(root.path()), None, "other");
        put("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n");
        assert_eq!(machine(root.path()), Some(Machine::Virtual));
        put("proc/sys/kernel/osrelease", "5.15.0-microsoft-standard-WSL2\n");
        assert_eq!(machine(root.path()), None, "a laptop may be below");
    }

    #[test]
    fn a_container_is_told_by_its_marks() {
        let root = tempfile::tempdir().unwrap();
        assert!(!in_container(root.path()));
        std::fs::create_dir_all(root.path().join("proc/1")).unwrap();
        std::fs::write(root.path().join("proc/1/cgroup"), "0::/init.scope\n").unwrap();
        assert!(!in_container(root.path()));
        std::fs::write(root.path().join("proc/1/cgroup"), "12:pids:/kubepods/besteffort/pod1\n").unwrap();
        assert!(in_container(root.path()));
        std::fs::remove_dir_all(root.path().join("proc")).unwrap();
        std::fs::write(root.path().join(".dockerenv"), "").unwrap();
        assert!(in_container(root.path()));
    }

    #[test]
    fn limits_and_masks_are_read_as_the_kernel_writes_them() {
        let limits = "Max processes             96365                96365                processes \n\
                      Max open files            64                   4096                 files     \n";
        assert_eq!(most_descriptors(limits), Some(64));
        assert!(hangup_ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"));
        assert!(!hangup_ignored("SigIgn:\t0000000000001006\n") && !hangup_ignored(""));
    }
}
