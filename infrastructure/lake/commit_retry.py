"""Retries commits to a Delta table that lost to a concurrent one."""

from deltalake.exceptions import CommitFailedError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

retry_lost_commits = retry(
    retry=retry_if_exception_type(CommitFailedError),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(0.02, 1),
    reraise=True,
)
