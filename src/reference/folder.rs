//! The folder of a world's files: for its user alone, and gone with the world.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// Every folder that stands.
static STANDING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes every folder there is, whoever still uses it: for a process that ends at once.
pub fn remove_all() {
    for path in STANDING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = fs::remove_dir_all(path);
    }
}

/// A folder that goes when it is removed, or else dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    dir: Option<TempDir>,
    files: Mutex<Vec<PathBuf>>,
}

impl Folder {
    /// A new folder; nobody else may look into it.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        #[cfg(unix)]
        builder.permissions(private);
        let dir = builder.tempdir()?;
        STANDING.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.path().to_owned());
        Ok(Self { path: dir.path().to_owned(), dir: Some(dir), files: Mutex::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file that nobody else may read, wherever the folder is taken: some hold a secret.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let file = self.path.join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(&file)?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push(file.clone());
        opened.write_all(text.as_bytes())?;
        Ok(file)
    }

    /// Removes it and all that is in it. What the world itself put there is removed without a descriptor: a process that has none
    /// left leaves no secret behind all the same.
    ///
    /// # Errors
    /// What the system says; what is left then stays.
    pub fn remove(&mut self) -> io::Result<()> {
        let Some(dir) = self.dir.take() else { return Ok(()) };
        STANDING.lock().unwrap_or_else(PoisonError::into_inner).remove(dir.path());
        for file in self.files.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = fs::remove_file(file);
        }
        match fs::remove_dir(dir.path()) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => dir.close(),
            _ => {
                let _ = dir.keep();
                Ok(())
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_user_alone() {
        use std::os::unix::fs::MetadataExt;
        let folder = Folder::new().unwrap();
        let file = folder.keep("token", "secret").unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn it_goes_with_what_others_left_in_it_and_may_be_gone_already() {
        let mut folder = Folder::new().unwrap();
        folder.keep("token", "secret").unwrap();
        fs::create_dir(folder.path().join("others")).unwrap();
        fs::write(folder.path().join("others/file"), "").unwrap();
        folder.remove().unwrap();
        assert!(!folder.path().exists());
        let mut gone = Folder::new().unwrap();
        fs::remove_dir(gone.path()).unwrap();
        gone.remove().unwrap();
    }
}
