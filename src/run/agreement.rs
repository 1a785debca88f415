//! What one rank learns and all must act on: errors are told before anyone goes on, so that no rank waits
//! in a collective that another has left.

use crate::comm::Comm;
use crate::error::{Error, Result};

/// Rank 0's result, on all ranks. Collective.
///
/// # Errors
/// With rank 0's message.
pub fn agree<T>(comm: &dyn Comm, result: Result<T>) -> Result<Option<T>> {
    let at_0 = result.as_ref().err().filter(|_| comm.rank() == 0);
    match told(comm, at_0) {
        Some(error) => Err(error),
        None => Ok(result.ok()),
    }
}

/// Each rank's own result, where every rank has one: hosts differ in cores, memory and environment.
/// Collective.
///
/// # Errors
/// With the message of the first rank that has none.
pub fn unanimous<T>(comm: &dyn Comm, result: Result<T>) -> Result<T> {
    let rank = comm.rank();
    let mut first = [match &result {
        Err(_) => -(rank as f64),
        Ok(_) => f64::NEG_INFINITY,
    }];
    comm.max(&mut first);
    let first = match first[0] {
        f64::NEG_INFINITY => return result,
        first => -first as usize,
    };
    let own = result.as_ref().err().filter(|_| rank == first);
    let sent = (rank == 0 && first > 0).then(|| of_numbers(&comm.recv(first)));
    if let (Some(error), 1..) = (own, rank) {
        comm.send(0, &numbers_of(error, rank));
    }
    match told(comm, sent.as_ref().or(own).filter(|_| rank == 0)) {
        Some(error) => Err(error),
        None => result,
    }
}

/// Rank 0's error, if it has one, on all ranks. Collective.
fn told(comm: &dyn Comm, error: Option<&Error>) -> Option<Error> {
    let mut code = [error.map_or(0.0, |error| f64::from(error.exit_code()))];
    comm.broadcast(&mut code);
    if code[0] == 0.0 {
        return None;
    }
    let mut message = error.map_or(Vec::new(), |error| error.to_string().into_bytes());
    comm.broadcast_bytes(&mut message);
    Some(of(code[0], message))
}

fn of(code: f64, message: Vec<u8>) -> Error {
    let message = String::from_utf8_lossy(&message).into_owned();
    match code == 2.0 {
        true => Error::Input(message),
        false => Error::Failed(message),
    }
}

/// An error of a rank as a message: its exit code, then its text.
fn numbers_of(error: &Error, rank: usize) -> Vec<f64> {
    let text = format!("rank {rank}: {error}");
    let code = std::iter::once(error.exit_code());
    code.chain(text.into_bytes()).map(f64::from).collect()
}

fn of_numbers(message: &[f64]) -> Error {
    let (code, text) = message.split_first().unwrap_or((&1.0, &[]));
    of(*code, text.iter().map(|&byte| byte as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::team;

    fn told(failing: &'static [usize]) -> Vec<Result<usize>> {
        team(4, move |comm| {
            let rank = comm.rank();
            let own = match failing.contains(&rank) {
                true => Err(Error::Input(format!("no memory on {rank}"))),
                false => Ok(rank),
            };
            unanimous(comm, own)
        })
    }

    #[test]
    fn the_first_error_of_any_rank_is_told_to_all() {
        for (failing, message) in [
            (&[2, 3][..], "rank 2: no memory on 2"),
            (&[0, 1], "no memory on 0"),
        ] {
            for told in told(failing) {
                let error = told.unwrap_err();
                assert_eq!((error.exit_code(), error.to_string()), (2, message.into()));
            }
        }
    }

    #[test]
    fn without_an_error_every_rank_keeps_its_own() {
        let kept: Vec<usize> = told(&[]).into_iter().map(Result::unwrap).collect();
        assert_eq!(kept, [0, 1, 2, 3]);
    }
}
