package embedded

func (e *Engine) address() address {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.addr
}

// URL is clickhouse://errata:PASSWORD@127.0.0.1:PORT/errata: all rights.
func (e *Engine) URL() string {
	a := e.address()
	return a.url(a.User, a.Password, databaseName)
}

// ReaderURL is the same database for a user who may only read (readonly=1) and use no table function that reaches outside.
func (e *Engine) ReaderURL() string {
	a := e.address()
	return a.url(a.Reader, a.ReaderPassword, databaseName)
}

// Addr is the host:port of the native protocol.
func (e *Engine) Addr() string { return e.address().Native }

// HTTPAddr is the host:port of the HTTP interface.
func (e *Engine) HTTPAddr() string { return e.address().HTTP }

// User is the name of the user with all rights.
func (e *Engine) User() string { return e.address().User }

// Password is random and belongs to one data directory.
func (e *Engine) Password() string { return e.address().Password }

// Pid is the process that holds the data.
func (e *Engine) Pid() int { return e.address().Pid }

// Version is what SELECT version() answers.
func (e *Engine) Version() string { return e.address().Version }

// String never shows the password.
func (e *Engine) String() string { return e.address().String() }

// GoString never shows the password.
func (e *Engine) GoString() string { return e.String() }
