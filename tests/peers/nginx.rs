//! nginx with a server block of the scenario's.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running nginx.
pub struct Nginx(Child);

impl Nginx {
    /// Starts nginx with its files in `folder`, serving `block` on `address:port`, and waits until it accepts.
    pub fn start(folder: &Path, address: &str, port: u16, block: &str) -> Result<Self, String> {
        let at = folder.join(format!("nginx-{port}"));
        std::fs::create_dir_all(&at).map_err(|e| e.to_string())?;
        let dir = at.display();
        let listen = if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
        let text = format!(
            "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;\nevents {{}}\nhttp {{ access_log off;\n\
             client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;\n\
             server {{ listen {listen};\n{block}\n}} }}\n"
        );
        let conf = at.join("nginx.conf");
        std::fs::write(&conf, text).map_err(|e| e.to_string())?;
        let child = Command::new("nginx")
            .args(["-p", &dir.to_string(), "-c", &conf.display().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("nginx: {e}"))?;
        let mut nginx = Self(child);
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((address, port)).is_err() {
            if let Ok(Some(status)) = nginx.0.try_wait() {
                return Err(format!(
                    "nginx ended with {status}: {}",
                    std::fs::read_to_string(at.join("error.log")).unwrap_or_default()
                ));
            }
            if Instant::now() > end {
                return Err("nginx did not accept a connection".into());
            }
            std::thread::yield_now();
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
