"""What `workers.conversation_store` has Redis do in one atomic step, in Lua."""

# The turn's id is remembered beside the list, so that a turn which is finished twice is kept once.
# A title that nobody gave is that of the first turn which was not superseded.
ADD = """
local is_new = redis.call('SADD', KEYS[3], ARGV[1])
if is_new == 1 then
  redis.call('HSETNX', KEYS[1], 'user_id', ARGV[6])
  redis.call('RPUSH', KEYS[2], ARGV[2])
  local titled_by = redis.call('HGET', KEYS[1], 'titled_by')
  if redis.call('HEXISTS', KEYS[1], 'title') == 0
      or titled_by and redis.call('HEXISTS', KEYS[4], titled_by) == 1
      and redis.call('HEXISTS', KEYS[4], ARGV[1]) == 0 then
    redis.call('HSET', KEYS[1], 'title', ARGV[3], 'titled_by', ARGV[1])
  end
  redis.call('HSETNX', KEYS[1], 'created_at', ARGV[4])
  redis.call('HSET', KEYS[1], 'updated_at', ARGV[4])
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
return is_new
"""
# The list only ever grows at its end, so an exchange keeps its place.
AMEND = """
if redis.call('LINDEX', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('LSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
# A summary that was made of something which was forgotten or summarised meanwhile is dropped.
SUMMARISE = """
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'summary', ARGV[2], 'summarised', ARGV[3], 'preamble', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1
"""
