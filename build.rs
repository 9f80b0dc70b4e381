//! Tells cargo that the knowledge is compiled in: a new file under these folders makes a new build.

fn main() {
    println!("cargo:rerun-if-changed=matrices");
    println!("cargo:rerun-if-changed=probes");
}
