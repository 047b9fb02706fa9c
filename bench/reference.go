package main

import "encoding/json"

// The reference for parsing: what a first version of errata in Go would do, encoding/json into structs of the
// record and of the vendors' bodies. It normalizes, redacts and hashes nothing.
type jsonRecord struct {
	Time            any             `json:"time"`
	Service         string          `json:"service"`
	Environment     string          `json:"environment"`
	Credential      string          `json:"credential"`
	Method          string          `json:"method"`
	URL             string          `json:"url"`
	Host            string          `json:"host"`
	Path            string          `json:"path"`
	Route           string          `json:"route"`
	Status          int             `json:"status"`
	Error           string          `json:"error"`
	DurationMS      float64         `json:"duration_ms"`
	Attempt         int             `json:"attempt"`
	IdempotencyKey  string          `json:"idempotency_key"`
	RequestID       string          `json:"request_id"`
	TraceID         string          `json:"trace_id"`
	RequestHeaders  map[string]any  `json:"request_headers"`
	ResponseHeaders map[string]any  `json:"response_headers"`
	ResponseBody    json.RawMessage `json:"response_body"`
}

// jsonBody is the union of the envelopes of the five vendors.
type jsonBody struct {
	Type             string          `json:"type"`
	Title            string          `json:"title"`
	Detail           string          `json:"detail"`
	Instance         string          `json:"instance"`
	TraceID          string          `json:"trace_id"`
	Error            json.RawMessage `json:"error"` // an object, or the code
	ErrorDescription string          `json:"error_description"`
	Errors           json.RawMessage `json:"errors"`
	ErrorCode        int             `json:"error_code"`
	ErrorToken       string          `json:"error_token"`
	Message          string          `json:"message"`
	Description      string          `json:"description"`
}

type jsonError struct {
	Code    any             `json:"code"`
	Message string          `json:"message"`
	Status  int             `json:"status"`
	Path    string          `json:"path"`
	Extra   json.RawMessage `json:"extra"`
	Inner   []jsonError     `json:"inner"`
}

func measureReference(c *corpus, note record) (cost, error) {
	var refused int
	used, err := costOf(func() error {
		for i := range c.len() {
			if err := readWithEncodingJSON(c.value(i)); err != nil {
				refused++
			}
		}
		return nil
	})
	if err != nil {
		return cost{}, err
	}
	note("encoding/json into structs", unitMicroseconds, perRecord(used.cpu, c.len()))
	note("encoding/json into structs", unitAllocations, float64(used.allocations)/float64(c.len()))
	note("records that encoding/json refuses", unitPercent, 100*float64(refused)/float64(c.len()))
	return used, nil
}

func readWithEncodingJSON(value []byte) error {
	var r jsonRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return err
	}
	if len(r.ResponseBody) == 0 || r.Status < 400 {
		return nil
	}
	body := []byte(r.ResponseBody)
	if body[0] == '"' {
		var text string
		if err := json.Unmarshal(body, &text); err != nil {
			return err
		}
		body = []byte(text)
	}
	var b jsonBody
	if err := json.Unmarshal(body, &b); err != nil {
		return err
	}
	if len(b.Error) == 0 || b.Error[0] != '{' {
		return nil
	}
	return json.Unmarshal(b.Error, new(jsonError))
}
