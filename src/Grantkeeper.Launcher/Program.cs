return await Grantkeeper.Launcher.Entry.Run(args);
