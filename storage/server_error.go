package storage

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// What a caller can tell apart with errors.Is. The error found is always more precise: it names the
// address and the next step.
var (
	ErrUnreachable    = errors.New("ClickHouse cannot be reached")
	ErrAuthentication = errors.New("ClickHouse refuses this user")
	ErrNotMigrated    = errors.New("the database does not have the schema of this version")
	ErrShard          = errors.New("the server is one shard of a cluster")
)

// Codes of server exceptions, from ClickHouse's ErrorCodes.cpp.
const (
	codeUnknownTable        = 60
	codeUnknownDatabase     = 81
	codeUnknownSetting      = 115
	codeReadonly            = 164
	codeUnknownUser         = 192
	codeWrongPassword       = 193
	codeRequiredPassword    = 194
	codeAddressNotAllowed   = 195
	codeAccessDenied        = 497
	codeAuthenticationFails = 516
)

// serverError gives an error of the server, or of the way to it, a kind and one clear sentence.
type serverError struct {
	kind  error
	text  string
	cause error
}

func (e *serverError) Error() string        { return e.text }
func (e *serverError) Unwrap() error        { return e.cause }
func (e *serverError) Is(target error) bool { return target == e.kind }

// explain turns what a driver returned into a typed error; an error it does not know stays as it is.
func (o Options) explain(err error) error {
	var known *serverError
	if err == nil || errors.As(err, &known) {
		return err
	}
	if code, message, ok := exceptionOf(err); ok {
		return o.explainException(err, code, message)
	}
	if errors.Is(err, context.Canceled) || !isConnectionError(err) {
		return err
	}
	return &serverError{ErrUnreachable, fmt.Sprintf("cannot reach ClickHouse at %s (%s): %s", o.addresses(), reason(err), o.connectionAdvice(err)), err}
}

func (o Options) explainException(err error, code int32, message string) error {
	switch code {
	case codeUnknownUser, codeWrongPassword, codeRequiredPassword, codeAuthenticationFails:
		return &serverError{ErrAuthentication, fmt.Sprintf("ClickHouse at %s refuses user %q: check the user and the password in the URL", o.addresses(), o.user()), err}
	case codeAddressNotAllowed:
		return &serverError{ErrAuthentication, fmt.Sprintf("ClickHouse at %s does not let user %q in from this address: allow it in the user's HOST clause", o.addresses(), o.user()), err}
	case codeAccessDenied, codeReadonly:
		return &serverError{ErrAuthentication, fmt.Sprintf("ClickHouse at %s does not let user %q do this (%s): grant the right, or use another user", o.addresses(), o.user(), firstLine(message)), err}
	case codeUnknownDatabase, codeUnknownTable:
		return &serverError{ErrNotMigrated, fmt.Sprintf("database %q at %s lacks errata's tables: run ingest migrate", o.database(), o.addresses()), err}
	}
	return err
}

// exceptionOf finds the server's exception in an error of either driver.
func exceptionOf(err error) (code int32, message string, ok bool) {
	var pooled *clickhouse.Exception
	if errors.As(err, &pooled) {
		return pooled.Code, pooled.Message, true
	}
	var streamed *ch.Exception
	if errors.As(err, &streamed) {
		return int32(streamed.Code), streamed.Message, true
	}
	return 0, "", false
}

func isConnectionError(err error) bool {
	var network net.Error
	var operation *net.OpError
	var resolver *net.DNSError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &network) || errors.As(err, &operation) || errors.As(err, &resolver) ||
		errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, clickhouse.ErrAcquireConnTimeout) || isForeignProtocol(err)
}

// isForeignProtocol recognises the answer of something that is not ClickHouse's native port. Both
// drivers report it as text only.
func isForeignProtocol(err error) bool {
	text := err.Error()
	return strings.Contains(text, "unexpected packet") || strings.Contains(text, "bad server packet type") || strings.Contains(text, "unexpected code")
}

func (o Options) connectionAdvice(err error) string {
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return "check the certificate, or give the authority's file with ca="
	case errors.As(err, &record):
		return "this port does not speak TLS: leave out secure=true, or use the secure port " + securePort
	case isForeignProtocol(err):
		return "this is not the native port: use " + plainPort + ", not the HTTP port 8123"
	case o.TLS == nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return "it closed the connection: use the native port, and secure=true where it speaks TLS"
	}
	return "check that it runs and that the URL names its native port"
}

// reason is the innermost cause, in few words.
func reason(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Err != nil {
		return firstLine(operation.Err.Error())
	}
	return firstLine(err.Error())
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.TrimSuffix(text, ".")
}
