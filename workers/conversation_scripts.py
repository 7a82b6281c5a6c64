"""What `workers.conversation_store` has Redis do in one atomic step, in Lua."""

# The turn's id is remembered beside the list, so that a turn which is finished twice is kept once.
ADD = """
if redis.call('SADD', KEYS[3], ARGV[1]) == 1 then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  redis.call('HSETNX', KEYS[1], 'title', ARGV[3])
  redis.call('HSETNX', KEYS[1], 'created_at', ARGV[4])
  redis.call('HSET', KEYS[1], 'updated_at', ARGV[4])
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
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
