"""When bots run unattended: what is due, made once, started in processes, and started again when one dies."""
