/* The administrator's command. */
int
main(void)
{
	return 0;
}
