//! Names of users and groups, from `/etc/passwd` and `/etc/group`.
//!
//! The C library's own look-up may wait for a directory server; a diagnosis of a broken network must not.

/// The user's name; the number where the file does not list it.
pub fn name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    listed(&passwd, uid).map_or_else(|| uid.to_string(), str::to_owned)
}

/// The group's name; the number where the file does not list it.
pub fn group(gid: u32) -> String {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    listed(&groups, gid).map_or_else(|| gid.to_string(), str::to_owned)
}

/// The name of a number: both files have it in the first column, and the number in the third.
fn listed(file: &str, id: u32) -> Option<&str> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let passwd = "# users\nroot:x:0:0:root:/root:/bin/sh\nop:x:1000:1000::/home/op:/bin/sh\nbroken\n";
        assert_eq!((listed(passwd, 1000), listed(passwd, 7)), (Some("op"), None));
        assert_eq!(name(4_294_967_000), "4294967000");
        assert_eq!(listed("staff:x:50:op,root\n", 50), Some("staff"));
        assert_eq!(group(4_294_967_000), "4294967000");
    }
}
