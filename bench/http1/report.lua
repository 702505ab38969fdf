-- What wrk found, as one line of JSON: times in microseconds, errors of all kinds summed.
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"us":%d,"bytes":%d,"failed":%d,"p50":%d}\n',
    summary.requests, summary.duration, summary.bytes, failed, latency:percentile(50)))
end
