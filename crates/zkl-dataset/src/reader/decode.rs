//! From stored bytes to those of the format: gzip members one after the other, and UTF-16 as UTF-8.

use std::io::{self, BufRead as _, BufReader, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

/// Bytes that follow the last gzip member and are neither another one nor padding.
#[derive(Debug, thiserror::Error)]
#[error("bytes follow the end")]
pub(super) struct BytesAfterEnd;

/// Bytes that are no UTF-16 although the text begins as UTF-16 does.
#[derive(Debug, thiserror::Error)]
#[error("the bytes are not UTF-16")]
pub(super) struct BadUtf16;

/// The text of all members of a gzip file. Zeros after the last are padding: tapes and some archivers fill blocks with them.
pub(super) struct Members<R> {
    /// `None` after the end.
    member: Option<flate2::bufread::GzDecoder<BufReader<R>>>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Self { member: Some(flate2::bufread::GzDecoder::new(BufReader::with_capacity(64 << 10, input))) }
    }

    /// Goes on to the next member, if there is one.
    fn advance(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut input = member.into_inner();
        match input.fill_buf()?.first() {
            None => {}
            Some(0) => only_zeros(&mut input)?,
            Some(0x1f) => self.member = Some(flate2::bufread::GzDecoder::new(input)),
            Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, BytesAfterEnd)),
        }
        Ok(())
    }
}

/// Reads to the end. A member after padding would be read by some programs and not by others, and is refused.
fn only_zeros(input: &mut impl io::BufRead) -> io::Result<()> {
    loop {
        let rest = input.fill_buf()?;
        if rest.is_empty() {
            return Ok(());
        }
        if rest.iter().any(|&byte| byte != 0) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, BytesAfterEnd));
        }
        let zeros = rest.len();
        input.consume(zeros);
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.advance()?;
        }
        Ok(0)
    }
}

/// A text as UTF-8, if its first bytes say that it is UTF-16; any other as it stands.
pub(super) fn text(mut input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut mark = [0; 2];
    let mut length = 0;
    while length < mark.len() {
        match super::read_some(&mut *input, &mut mark[length..])? {
            0 => break,
            read => length += read,
        }
    }
    let decoder = match mark {
        [0xff, 0xfe] if length == 2 => UTF_16LE.new_decoder_without_bom_handling(),
        [0xfe, 0xff] if length == 2 => UTF_16BE.new_decoder_without_bom_handling(),
        _ => return Ok(Box::new(Cursor::new(mark).take(length as u64).chain(input))),
    };
    Ok(Box::new(Utf16 {
        input,
        decoder,
        encoded: Vec::new(),
        at_end: false,
        finished: false,
        ready: Vec::new(),
        start: 0,
    }))
}

/// Bytes of UTF-16 that are decoded at once.
const CHUNK: usize = 64 << 10;

struct Utf16 {
    input: Box<dyn Read + Send>,
    decoder: Decoder,
    encoded: Vec<u8>,
    at_end: bool,
    finished: bool,
    /// UTF-8 from `start` on.
    ready: Vec<u8>,
    start: usize,
}

impl Utf16 {
    fn decode(&mut self) -> io::Result<()> {
        self.encoded.resize(CHUNK, 0);
        let read = super::read_some(&mut *self.input, &mut self.encoded)?;
        self.at_end = read == 0;
        let most = self.decoder.max_utf8_buffer_length_without_replacement(read).unwrap_or(4 * CHUNK);
        self.ready.resize(most, 0);
        let (result, _, written) =
            self.decoder.decode_to_utf8_without_replacement(&self.encoded[..read], &mut self.ready, self.at_end);
        self.ready.truncate(written);
        self.start = 0;
        self.finished = self.at_end;
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, BadUtf16))
            }
        }
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.ready.len() && !self.finished {
            self.decode()?;
        }
        let length = buffer.len().min(self.ready.len() - self.start);
        buffer[..length].copy_from_slice(&self.ready[self.start..self.start + length]);
        self.start += length;
        Ok(length)
    }
}
